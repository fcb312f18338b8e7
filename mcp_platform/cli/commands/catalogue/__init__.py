"""What a tenant offers, who does it and when: `services`, `people` and `hours`."""
