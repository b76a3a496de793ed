"""What orchestrators, activities and triggers have in common; imports nothing from them."""
