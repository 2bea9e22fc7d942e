"""What is said in a visit: Segment-spec calls, orders, and traits as each system spells them."""
