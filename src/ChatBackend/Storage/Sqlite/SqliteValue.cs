using System.Buffers;
using System.Text;
using SQLitePCL;

namespace ChatBackend.Storage.Sqlite;

/// <summary>What a parameter is bound to, without a box: a number, a text, bytes or nothing.</summary>
internal readonly struct SqliteValue
{
    private const int MaxOnStack = 512;

    private readonly Kind _kind;
    private readonly long _number;
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;

    private SqliteValue(long number) => (_kind, _number) = (Kind.Number, number);

    private SqliteValue(string text) => (_kind, _text) = (Kind.Text, text);

    private SqliteValue(ReadOnlyMemory<byte> bytes) => (_kind, _bytes) = (Kind.Bytes, bytes);

    private enum Kind
    {
        Null,
        Number,
        Text,
        Bytes,
    }

    public static implicit operator SqliteValue(long number) => new(number);

    public static implicit operator SqliteValue(long? number) => number is { } known ? new(known) : default;

    public static implicit operator SqliteValue(bool flag) => new(flag ? 1 : 0);

    public static implicit operator SqliteValue(string? text) => text is null ? default : new(text);

    public static implicit operator SqliteValue(ReadOnlyMemory<byte> bytes) => new(bytes);

    /// <returns>SQLite's code.</returns>
    public int BindTo(sqlite3_stmt statement, int index) => _kind switch
    {
        Kind.Number => raw.sqlite3_bind_int64(statement, index, _number),
        Kind.Text => BindText(statement, index, _text!),
        Kind.Bytes => raw.sqlite3_bind_blob(statement, index, _bytes.Span),
        _ => raw.sqlite3_bind_null(statement, index),
    };

    private static int BindText(sqlite3_stmt statement, int index, string text)
    {
        var max = Encoding.UTF8.GetMaxByteCount(text.Length);
        var rented = max > MaxOnStack ? ArrayPool<byte>.Shared.Rent(max) : null;
        var utf8 = rented ?? stackalloc byte[MaxOnStack];
        var code = raw.sqlite3_bind_text(statement, index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return code;
    }
}
