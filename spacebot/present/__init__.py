"""Everything that people read: cards, sentences, web pages, tables. Nothing is decided here, and no text is stored."""
