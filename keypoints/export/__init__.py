"""Nets for other programs: ONNX graphs and models that MLflow serves."""
