// Orleans brings a global using of its own namespace, which has an ErrorCode too.
global using ErrorCode = ChatBackend.Protocol.ErrorCode;
