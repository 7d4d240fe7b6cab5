//! One advisory model and the public texts and formats made from it
