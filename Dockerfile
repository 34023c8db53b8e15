# docker build -t touchstone .                              an image that holds the program and Debian's CA certificates
# docker build --target program --output bin .              the program itself, bin/touchstone: static, for any Linux
FROM debian:12-slim AS build
WORKDIR /touchstone
# The packages first: this layer stays while only the sources change.
COPY scripts/lib/packages.sh scripts/lib/
RUN bash -euc '. scripts/lib/packages.sh; need_packages build ca-certificates' && rm -rf /var/lib/apt/lists/*
COPY . .
RUN scripts/build static touchstone && strip build/static/touchstone

FROM scratch AS program
COPY --from=build /touchstone/build/static/touchstone /touchstone

FROM program
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# Reports land here: -v "$PWD:/work"
WORKDIR /work
ENTRYPOINT ["/touchstone"]
CMD ["--help"]
