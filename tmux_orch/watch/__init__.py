"""What every agent does now: readings of many sources fused into one state, explained."""
