"""The peer: a connection manager on FastAPI as applications commonly write one.

Users map to lists of sockets, rooms are sets of users, and a broadcast awaits one `send_json` after the other. Two things are
gentler than usual: newcomers are not announced to everybody (BENCH_ANNOUNCE=1 turns that on), which would make
connecting N users N*N sends, and the access log is off.
"""

import asyncio
import os
import socket
from collections import defaultdict

import jwt
import uvicorn
from fastapi import FastAPI, Query, Request, WebSocket, WebSocketDisconnect

SECRET = os.environ["BENCH_JWT_SECRET"]
ANNOUNCE = os.environ.get("BENCH_ANNOUNCE") == "1"


class ConnectionManager:
    def __init__(self) -> None:
        self.sockets: dict[str, list[WebSocket]] = {}
        self.rooms: defaultdict[str, set[str]] = defaultdict(set)

    async def connect(self, websocket: WebSocket, user: str) -> None:
        await websocket.accept()
        self.sockets.setdefault(user, []).append(websocket)
        if ANNOUNCE:
            await self.broadcast({"type": "user.online", "data": {"user_id": user}}, but=user)

    def disconnect(self, websocket: WebSocket, user: str) -> None:
        sockets = self.sockets.get(user, [])
        if websocket in sockets:
            sockets.remove(websocket)
        if not sockets and self.sockets.pop(user, None) is not None:
            for members in self.rooms.values():
                members.discard(user)
            if ANNOUNCE:
                message = {"type": "user.offline", "data": {"user_id": user}}
                asyncio.get_running_loop().create_task(self.broadcast(message))

    async def send_to_user(self, user: str, message: dict) -> None:
        broken = []
        for websocket in self.sockets.get(user, ()):
            try:
                await websocket.send_json(message)
            except Exception:
                broken.append(websocket)
        for websocket in broken:
            self.sockets[user].remove(websocket)

    async def broadcast(self, message: dict, but: str | None = None) -> None:
        for user in list(self.sockets):
            if user != but:
                await self.send_to_user(user, message)

    async def broadcast_to_room(self, room: str, message: dict) -> None:
        for user in list(self.rooms.get(room, ())):
            await self.send_to_user(user, message)


manager = ConnectionManager()
app = FastAPI()


@app.websocket("/ws")
async def websocket_endpoint(websocket: WebSocket, token: str = Query(...)) -> None:
    try:
        user = jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except (jwt.InvalidTokenError, KeyError):
        await websocket.close(code=1008, reason="Invalid token")
        return
    await manager.connect(websocket, user)
    try:
        while True:
            data = await websocket.receive_json()
            kind, room = data.get("type"), data.get("room")
            if kind == "ping":
                await websocket.send_json({"type": "pong"})
            elif kind == "join_room" and room:
                manager.rooms[room].add(user)
                await websocket.send_json({"type": "joined_room", "data": {"room": room}})
            elif kind == "leave_room" and room:
                manager.rooms[room].discard(user)
    except WebSocketDisconnect:
        pass
    finally:
        manager.disconnect(websocket, user)


@app.post("/v1/publish", status_code=202)
async def publish(request: Request) -> dict:
    body = await request.json()
    message = {"type": body["type"], "data": body["data"]}
    if "room" in body["to"]:
        await manager.broadcast_to_room(body["to"]["room"], message)
    else:
        await manager.send_to_user(body["to"]["user"], message)
    return {"success": True}


if __name__ == "__main__":
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_keep_alive=600)
    uvicorn.Server(config).run(sockets=[listener])
