using System.Text;
using ChatBackend.Protocol;
using ChatBackend.Storage;
using ChatBackend.Threads.Contracts;

namespace ChatBackend.Threads;

/// <summary>
/// The text of a part from the pieces that were saved of it. A save whose outcome was unknown is repeated from where it began, so that
/// pieces overlap: each is placed by its offset, and gives what is not there yet.
/// </summary>
internal static class SavedText
{
    /// <returns>The text up to the first hole; null when nothing was saved from the beginning on.</returns>
    public static PartText? Of(IReadOnlyList<PartCheckpoint> pieces)
    {
        if (pieces is not [.., var last])
        {
            return null;
        }

        var text = new StringBuilder();
        foreach (var piece in pieces.Where(piece => piece.Part == last.Part).OrderBy(piece => piece.Offset))
        {
            if (piece.Offset > text.Length)
            {
                break; // what follows a hole cannot be placed for a reader
            }

            if (piece.Offset + piece.Text.Length > text.Length)
            {
                text.Append(piece.Text, text.Length - piece.Offset, piece.Offset + piece.Text.Length - text.Length);
            }
        }

        return text.Length == 0 ? null : new PartText(last.Run, last.Part, last.Kind, 0, text.ToString());
    }
}
