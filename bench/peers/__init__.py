"""Servers to be measured, each in a folder of its own on free ports of
loopback, ended by process id."""
