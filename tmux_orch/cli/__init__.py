"""The three commands: parse, ask the daemon, render. One file per command family, no logic."""
