"""Every sentence of the product: the phrase book, its wordings by language, how they are joined."""
