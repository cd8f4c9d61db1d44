"""A TikTok that runs on this machine: an independent process that knows nothing of the product.

    python -m tests.fake_tiktok --port 8099

It speaks TikTok's API for Business (comments, mentions, messages, publishing, webhooks) and its
OAuth, keeps everything in memory, has a clock of its own that can be moved, and breaks in every
way that it is told to. `/_fake/` is how it is told; see `control.py`. Only the standard library is
used.
"""
