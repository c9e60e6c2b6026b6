"""Settings from the environment, read when they are imported."""
import os

from dotenv import load_dotenv

load_dotenv()

DATABASE_URL = os.environ["DATABASE_URL"]
POOL_SIZE = int(os.environ.get("POOL_SIZE", "5"))
CACHE = os.getenv("CACHE_HOST")
