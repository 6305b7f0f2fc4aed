# The image of signoff: one static binary on a base without a shell. Build it with
#   docker build -t signoff .
# and run it with a volume for the store and the configuration mounted read-only:
#   docker run -p 8080:8080 -v signoff-data:/data -v ./config:/etc/signoff:ro --read-only signoff
# tools/dockerfile holds this file by the rules of `docker build --check` and by a few of our own.

FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /out/signoff ./cmd/signoff \
    && mkdir /out/data

# Certificates of authorities and the user 65532 come with this base; time zones are inside the binary.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/signoff /signoff
USER 65532:65532
VOLUME /data
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/signoff", "healthcheck"]
ENTRYPOINT ["/signoff"]
CMD ["serve", "-c", "/etc/signoff/config.yaml"]
