"""`harness check`: did quality fall against a baseline? Red only where it is shown that it did."""
