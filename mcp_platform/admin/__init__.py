"""Who may administer and call the platform, and how they prove it."""
