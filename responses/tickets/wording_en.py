"""The English wording of a ticket. How templates are read stands in `rendering`."""

from typing import Final

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_SUMMARY = {
    "what_personal_data_leak": (
        "Personal data of an individual is being published in comments on content of {account}, "
        "the official account of {brand}, without that person's consent."
    ),
    "what_impersonation": (
        "One or more accounts pass themselves off as {brand} or its support staff and approach "
        "people who comment on content of {account}, the brand's official account."
    ),
    "what_spam": (
        "Comments on content of {account}, the official account of {brand}, are being flooded "
        "with spam and deceptive offers."
    ),
    "what_harassment": (
        "An individual connected with {brand} is being insulted and threatened in comments on "
        "content of {account}, the brand's official account."
    ),
    "what_misinformation": (
        "Claims about {brand} that are verifiably false are being spread in comments on content "
        "of {account}, the brand's official account."
    ),
    "what_general": (
        "Comments on content of {account}, the official account of {brand}, appear to breach "
        "the Community Guidelines."
    ),
    "no_violation": (
        "No comment on content of {account}, the official account of {brand}, is known to break a "
        "rule of the platform so far; criticism breaks none."
    ),
    "since": (
        "The first of the comments concerned was written on {since:time}; the figures are as of "
        "{as_of:time}."
    ),
    "how_much": "So far {total:# such comment has|# such comments have} been recorded.",
    "how_many_authors": "{authors:All come from one account|They come from # accounts}.",
    "peak": "Up to {per_minute:# was|# were} written within one minute.",
    "only_gravest": "Listed below {count:is the gravest one|are the # gravest}.",
    "account_link": "The account concerned is {url}.",
    "our_reference": "Our reference for this case is {reference}.",
}

_ASKED = {
    "remove_personal_data": (
        "- Please remove the {count:0=comments|comment|# comments} listed below, which "
        "{count:discloses|disclose} personal data such as a telephone number, an address or a "
        "document number."
    ),
    "stop_reposts": (
        "- Please prevent the same data from being posted again under this account's content."
    ),
    "act_on_repeat_authors": (
        "- Please take action against accounts that published the data more than once."
    ),
    "preserve_records": (
        "- Please preserve the removed content and its records, in case the person affected "
        "reports the matter to the police."
    ),
    "remove_impostors": "- Please remove or suspend the accounts named below.",
    "confirm_official_account": (
        "- Please note that {account} is the only official account of {brand}; nobody else is "
        "authorised to offer support, refunds or prizes in its name."
    ),
    "stop_new_impostors": (
        "- Please check for further accounts created by the same persons, and for comments and "
        "direct messages they have already sent to our customers."
    ),
    "impostor": "- Account passing itself off as the brand: {handle} {url}",
    "remove_spam": "- Please remove the {count:0=comments|comment|# comments} listed below.",
    "check_coordination": (
        "- Please check whether the accounts that posted them act together or are automated."
    ),
    "act_on_spam_accounts": (
        "- Please restrict the accounts that posted them from commenting again."
    ),
    "block_link": "- Please block links to {host}, which the comments advertise.",
    "remove_abuse": (
        "- Please remove the {count:0=comments|comment|# comments} listed below, which "
        "{count:insults or threatens|insult or threaten} an individual."
    ),
    "act_on_abusers": "- Please take action against the accounts that wrote them.",
    "protect_person": (
        "- Please apply the protection available to a person who is the target of a wave of abuse."
    ),
    "threats_first": (
        "- Some of the comments threaten violence. Please review these before the others."
    ),
    "review_false_claims": (
        "- Please review the {count:0=comments|comment|# comments} listed below under the "
        "misinformation guideline. Criticism and personal experience are not what we object to; "
        "the claims below are stated as fact and are untrue."
    ),
    "limit_reach": (
        "- Until the review is done, please do not recommend content that repeats these claims."
    ),
    "label_claims": (
        "- Where a comment stays visible, please label the claim as unverified if that is possible."
    ),
    "false_claim": '- Claim: "{claim}" What is true: {truth}',
    "false_claim_sourced": '- Claim: "{claim}" What is true: {truth} Source: {source}',
    "ask_nothing": (
        "- Nothing can be asked of the platform yet. Add the comments that break a rule and say "
        "which rule it is, or close this ticket: a report of mere criticism is refused."
    ),
    "review_mentions": (
        "- Please review the {count:0=comments|comment|# comments} listed below and remove what "
        "breaches the Community Guidelines. We do not ask for the removal of criticism."
    ),
    "guideline_privacy": (
        "- Guideline concerned: Privacy and Security, Personal Information; also Harassment and "
        "Bullying, where data was published to expose a person."
    ),
    "guideline_deception": (
        "- Guideline concerned: Integrity and Authenticity, Deceptive Behaviors and Fake "
        "Engagement (impersonation)."
    ),
    "guideline_spam": (
        "- Guidelines concerned: Deceptive Behaviors and Fake Engagement (spam), and Frauds and "
        "Scams where a comment asks for money or data."
    ),
    "guideline_harassment": "- Guideline concerned: Safety and Civility, Harassment and Bullying.",
    "guideline_misinformation": (
        "- Guideline concerned: Integrity and Authenticity, Misinformation."
    ),
    "guideline_chosen": "- Guideline concerned: {guideline}. {reason}",
    "tell_outcome": (
        "- Please tell us the outcome and the report number, so that we can inform those affected."
    ),
}

_ENTRIES = {
    "event": "{at:time}: {type}.",
    "event_incident.opened": "{at:time}: the incident was noticed and opened.",
    "event_incident.acknowledged": "{at:time}: our team took charge of it.",
    "event_incident.escalated": "{at:time}: it was escalated within our team.",
    "event_incident.contained": "{at:time}: the incident was contained.",
    "event_incident.resolved": "{at:time}: the incident was resolved.",
    "event_incident.reopened": "{at:time}: the incident was reopened.",
    "event_statement.published": "{at:time}: the brand published a statement.",
    "event_evidence.added": "{at:time}: evidence was secured.",
    "event_mention.hidden": "{at:time}: a comment was hidden by the brand's moderators.",
    "prior_report": "{at:time}: reported before under number {reference}; no answer so far.",
    "prior_report_answered": "{at:time}: reported before under number {reference}: {outcome}",
    "mention": ('{number}. {author}, {at:time}, id {id}\n   "{text}"{url:link}{author_url:link}'),
    "mention_cut": (
        '{number}. {author}, {at:time}, id {id} (shortened)\n   "{text}..."{url:link}'
        "{author_url:link}"
    ),
    "more_mentions": "{count:One more is|# more are} not listed here.",
    "link": "Link:",
    "evidence_file": "- {name} ({source:source}, {at:time})\n  SHA-256 {sha256}",
    "source_screenshot": "screenshot",
    "source_api": "data received from the platform",
    "source_upload": "file added by our team",
    "contact_name": "Name: {value}",
    "contact_role": "Position: {value}",
    "contact_company": "Company: {value}",
    "contact_email": "E-mail: {value}",
    "contact_phone": "Telephone: {value}",
    "contact_country": "Country: {value}",
    "good_faith": (
        "I state in good faith that the information in this report is accurate and complete to "
        "the best of my knowledge. {name}"
    ),
}

_MISSING = {
    "submit_privacy": (
        "Submit through the privacy report form: https://www.tiktok.com/legal/report/privacy"
    ),
    "submit_impersonation": (
        "Submit through the impersonation report: https://support.tiktok.com/en/safety-hc/"
        "report-a-problem/report-an-impersonation-account"
    ),
    "submit_feedback": (
        'Submit through the feedback form, topic "Report a potential violation": '
        "https://www.tiktok.com/legal/report/feedback"
    ),
    "add_account_handle": "- Add the handle of the brand's official account.",
    "add_mentions": "- Add the comments or messages that the ticket is about.",
    "add_links": (
        "- Add {count:the link of one comment|the links of # comments} (the video's link will do)."
    ),
    "add_evidence": (
        "- Add evidence: a screenshot of each comment that shows the author, the text and the time."
    ),
    "add_affected_person": (
        "- Say who is affected and how they are connected with the brand (a position will do)."
    ),
    "add_agreement": (
        "- Ask the person affected whether they agree to this report, and note the answer."
    ),
    "add_impostors": "- Add the handles and profile links of the impostor accounts.",
    "add_impostor_links": (
        "- Add {count:the profile link of one impostor account|the profile links of # impostor "
        "accounts}."
    ),
    "add_proof_of_identity": (
        "- Attach the official trademark certificate and its registration number or, where a "
        "person is impersonated, a copy of that person's identity document."
    ),
    "add_authority": (
        "- Attach proof that you may act for the brand or the person (a letter of authority)."
    ),
    "add_false_claims": "- Name each false claim and what is true instead.",
    "add_sources": (
        "- Add a public source that proves what is true for {count:one claim|# claims}: a "
        "laboratory report, a certificate, a statement of an authority."
    ),
    "add_guideline": (
        "- Choose the guideline that is breached. Criticism of a brand breaches none, and a report "
        "without a guideline is refused."
    ),
    "add_guideline_reason": "- Explain in a sentence or two how the comments breach it.",
    "add_contact": "- Add a contact person with name, e-mail address and country.",
    "add_contact_email": "- Add the contact person's e-mail address.",
    "add_country": "- Add the country of the contact person; the form requires it.",
}

TEMPLATES: Final[dict[str, str]] = {
    **_SUMMARY,
    **_ASKED,
    **_ENTRIES,
    **_MISSING,
    "time_pattern": "{day} {month} {year}, {moment:%H:%M} UTC",
    "empty_facts": "Nothing has been recorded on the timeline yet.",
    "empty_mentions": "No comments have been selected yet.",
    "empty_evidence": "No evidence has been attached yet.",
    "empty_contact": "No contact has been named yet.",
}
