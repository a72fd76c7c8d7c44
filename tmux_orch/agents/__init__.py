"""One adapter per agent program: how it is started, read, asked, resumed and stopped."""
