"""What clients send: bodies of the HTTP API, and how they become commands; one file per subject.

There is no field for names, phone numbers, identity numbers or birth dates, and a field that does not exist is an
error: what must not be stored is refused at the door (Law on Personal Data Protection 91/2025/QH15).
"""
