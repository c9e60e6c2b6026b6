"""Tests of what the benchmark computes: python3 -B -m unittest discover -s scripts/peers/tests -t scripts/peers"""
