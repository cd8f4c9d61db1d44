"""Networks comments come from: one folder per network, each with its parser and client.

Nothing here knows of incidents, of Django models or of views.
"""
