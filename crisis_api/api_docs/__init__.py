"""The OpenAPI document as a whole: who may do what, and examples that are true."""
