"""What a person does with an image: small compositions of the other parts."""
