# Crisis API: one image for web, worker, engine and commands; compose.yaml says which is which.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    BIND=0.0.0.0 \
    DATA_DIR=/data

# Nobody in particular, so that a volume can be given to them.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin crisis \
    && install -d -o crisis -g crisis -m 0700 /data

WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r requirements.txt
COPY manage.py gunicorn.conf.py ./
COPY crisis_api crisis_api
COPY incidents incidents
COPY responses responses
COPY locale locale
RUN python -m compileall -q crisis_api incidents responses

USER crisis
VOLUME /data
EXPOSE 8000

# Whether the web server answers; compose.yaml turns it off for the others.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz/live\", timeout=4)"]

CMD ["python", "-m", "gunicorn", "crisis_api.wsgi"]
