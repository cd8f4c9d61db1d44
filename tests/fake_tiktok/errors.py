"""What is wrong, in TikTok's codes; over HTTP it is a 200 all the same."""

MESSAGES = {
    40001: "No permission to operate this business account.",
    40007: "The object does not exist.",
    40008: "The endpoint is not implemented.",
    40050: "Duplicated requests have been sent.",
    40064: "The message is blocked by the rules of messaging, or sent too fast.",
    40100: "Requests made too frequently.",
    40101: "The app id and secret do not match.",
    40102: "Access token has expired.",
    40103: "Refresh token has expired.",
    40104: "Access token is null, you should set it in http header with key Access-Token.",
    40105: "Access token is incorrect or has been revoked.",
    40107: "Refresh token is invalid.",
    40108: "grant_type is invalid.",
    40110: "Auth code is invalid.",
    40130: "The scope of this field is not authorized.",
    40131: "The access token is invalid.",
    50000: "System error.",
}


class ApiError(Exception):
    """An answer with a code that is not 0."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, "Something is wrong.")
        super().__init__(self.message)
