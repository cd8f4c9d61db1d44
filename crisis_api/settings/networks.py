"""The variables about the networks that comments come from: whose app, where, how fast."""

from crisis_api.settings.variables import Section, Variable

NETWORKS = Section(
    "Networks",
    (
        Variable(
            "TIKTOK_APP_ID",
            str,
            "",
            "Id of your app on TikTok's API for Business. One app serves all teams; see "
            "[Connecting TikTok](tiktok.md).",
            shown="none: no TikTok account can be connected",
        ),
        Variable(
            "TIKTOK_APP_SECRET",
            list,
            [],
            "Its secret. It signs webhooks, too. While it is being changed, the new one and the "
            "old one, comma separated: the first is sent, both are accepted of webhooks.",
            shown="none",
        ),
        Variable(
            "TIKTOK_SCOPES",
            list,
            [],
            "What account holders are asked for, comma separated. TikTok refuses the whole "
            "authorisation for one scope that your app does not have.",
            shown="all that the product uses",
        ),
        Variable(
            "TIKTOK_API_BASE_URL",
            str,
            "https://business-api.tiktok.com/open_api/v1.3",
            "Where TikTok's API is, without a slash at the end.",
        ),
        Variable(
            "TIKTOK_AUTH_BASE_URL",
            str,
            "https://www.tiktok.com",
            "Where account holders are sent to let the app in.",
        ),
        Variable(
            "TIKTOK_WEBHOOK_TOLERANCE_SECONDS",
            int,
            300,
            "How far the time that a webhook is signed with may be from ours. TikTok repeats a "
            "delivery for 72 hours, and nobody outside knows whether it signs it anew: raise this "
            "to `260000` where repeated deliveries are refused.",
        ),
        Variable(
            "TIKTOK_TEXT_LIMIT",
            int,
            1200,
            "Characters that a comment or reply may have. Older copies of TikTok's documentation "
            "say 150.",
        ),
        Variable(
            "TIKTOK_APP_CALLS_PER_SECOND", int, 10, "Calls a second that TikTok grants the app."
        ),
        Variable(
            "TIKTOK_APP_CALLS_PER_MINUTE", int, 600, "Calls a minute that TikTok grants the app."
        ),
        Variable(
            "TIKTOK_ACCOUNT_CALLS_PER_MINUTE",
            int,
            40,
            "Calls a minute that TikTok grants each account at each of its endpoints.",
        ),
        Variable(
            "TIKTOK_SORT_PARAMETER",
            str,
            "sort_order",
            "Name of the parameter for the order of comments: `sort_order` by the documentation, "
            "`sort_type` by some clients.",
        ),
        Variable(
            "TIKTOK_CAN_PIN",
            bool,
            False,
            "Whether your app may pin comments; missing from TikTok's documentation.",
        ),
        Variable(
            "TELEGRAM_API_BASE_URL",
            str,
            "https://api.telegram.org",
            "Where Telegram's bot API is, without a slash at the end.",
            shown="Telegram's own",
        ),
    ),
)
