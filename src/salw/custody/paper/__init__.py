"""Days on paper: blank numbered booklets (cahiers de perception), and their lines entered later."""
