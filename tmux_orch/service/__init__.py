"""The daemon as a service of this user: systemd units, a crontab block, launchd files."""
