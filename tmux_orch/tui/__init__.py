"""The team on a whole screen: what ``tmux-orch top`` shows. Sees rpc and domain."""
