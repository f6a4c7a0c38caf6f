"""The forms of users' own data: folders of pictures, IDX, CSV, NumPy arrays and Parquet."""
