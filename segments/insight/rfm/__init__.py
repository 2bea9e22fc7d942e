"""Recency, frequency and money: how good a customer somebody is, in fifths of all buyers."""
