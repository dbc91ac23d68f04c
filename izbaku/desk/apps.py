from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "izbaku.desk"
    label = "desk"
