"""The second factor: one-time codes, passkeys and security keys, recovery codes, and the fresh proof."""
