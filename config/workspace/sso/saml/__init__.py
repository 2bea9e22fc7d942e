"""SAML 2.0: what we say of ourselves and ask, and whether what comes back is a provider's word.

An extra (`requirements/saml.txt`): nothing here but `addresses` is imported where it is missing.
"""
