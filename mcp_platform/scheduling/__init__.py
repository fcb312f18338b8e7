"""What can be booked, by whom, when: catalogue, hours, availability, appointments, calendar."""
