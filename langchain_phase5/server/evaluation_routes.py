"""Endpoints that follow."""

from fastapi import APIRouter

router = APIRouter()
