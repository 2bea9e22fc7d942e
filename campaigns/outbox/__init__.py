"""The outbox: what the gate lets through becomes rows of `message`, here and nowhere else."""
