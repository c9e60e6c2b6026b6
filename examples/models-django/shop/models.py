"""The models of a small shop."""

from django.db import models
from django.db.models.functions import Lower, Now


class Customer(models.Model):
    email = models.EmailField(unique=True)
    name = models.TextField(db_comment="As the customer writes it")
    joined = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(Lower("email"), name="customer_email_lower")]


class Product(models.Model):
    name = models.CharField(max_length=120)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price")]


class Order(models.Model):
    class State(models.TextChoices):
        NEW = "new"
        PAID = "paid"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    products = models.ManyToManyField(Product)
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    discount = models.TextField(db_default="5%")
