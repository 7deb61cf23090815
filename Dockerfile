# syntax=docker/dockerfile:1
# Two stages: nothing of the build, no package manager and no shell is in what runs.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
# `npm ci` builds too (prepare): everything that is shipped is bundled into dist.
RUN npm ci && npm run build

FROM gcr.io/distroless/nodejs24-debian12:nonroot
WORKDIR /app
COPY --from=build /src/package.json /src/LICENSE ./
COPY --from=build /src/bin ./bin
COPY --from=build /src/dist ./dist
COPY --from=build /src/policies ./policies
# Of distroless' nonroot; by number, so that Kubernetes can tell that it is not root.
USER 65532:65532
ENV NODE_ENV=production
# Without the dashes Node would take an --env-file for its own.
ENTRYPOINT ["/nodejs/bin/node", "--", "/app/bin/keygrant.js"]
CMD ["--help"]
