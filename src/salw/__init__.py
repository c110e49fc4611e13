"""The custody register of small arms and light weapons: the service."""
