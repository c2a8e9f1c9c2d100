# docker build --target runtime -t keypoints .      points on photographs, with the shipped weights; no torch
# docker build --target pipeline -t pipeline .      everything, by the README's `make env`
FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# What `make env` needs; .devcontainer/ starts from here.
FROM base AS tools
RUN apt-get update \
    && apt-get install -y --no-install-recommends git make \
    && rm -rf /var/lib/apt/lists/*

FROM tools AS pipeline
WORKDIR /project
COPY . .
RUN make env
ENV PATH=/project/.venv/bin:$PATH
CMD ["make", "help"]

FROM base AS runtime
COPY . /source
RUN pip install /source && rm -rf /source
WORKDIR /photos
ENTRYPOINT ["keypoints"]
CMD ["--help"]
