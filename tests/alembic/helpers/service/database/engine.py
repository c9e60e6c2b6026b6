"""The engine of the application: made when it is imported."""
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from ..settings import DATABASE_URL, POOL_SIZE

engine = create_engine(DATABASE_URL, pool_size=POOL_SIZE, max_overflow=10, pool_pre_ping=True, echo=False)
SessionLocal = sessionmaker(autocommit=False, autoflush=False, bind=engine)
