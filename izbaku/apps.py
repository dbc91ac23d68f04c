from django.apps import AppConfig


class FloorConfig(AppConfig):
    name = "izbaku"
    label = "izbaku"
