# Rapport as it is pinned in requirements/. compose.yaml runs it with a PostgreSQL.
FROM python:3.13-slim-bookworm
ENV PYTHONUNBUFFERED=1 VAR_DIR=/var/lib/rapport
WORKDIR /opt/rapport
RUN useradd --system --no-create-home rapport && install -d -o rapport -m 0700 /var/lib/rapport
COPY requirements/ requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt
COPY . .
RUN python tools/translations.py
USER rapport
EXPOSE 8000
CMD ["python", "manage.py", "up", "--host", "0.0.0.0", "--port", "8000"]
