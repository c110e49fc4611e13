"""What a slip declares beside weapons: rounds by calibre, magazines, bayonets. Compared at return, in no stock."""
