"""Devices: telephones and laptops bound to a store by a key they made themselves, and what they recorded offline."""
