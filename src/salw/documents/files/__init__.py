"""Files by their content: pictures without metadata, signed papers; attached to other things by id."""
