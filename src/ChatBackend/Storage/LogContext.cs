using Microsoft.EntityFrameworkCore;

namespace ChatBackend.Storage;

/// <summary>The log's tables, for schema and migrations. Each store derives its own, because migrations belong to a context type.</summary>
internal abstract class LogContext(DbContextOptions options) : DbContext(options)
{
    // Names are written out: reads and appends speak SQL and must find what the migrations made.
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ThreadRow>(thread =>
        {
            thread.ToTable("threads").HasKey(row => row.Key);
            thread.Property(row => row.Key).HasColumnName("key");
            thread.Property(row => row.Id).HasColumnName("id").IsRequired();
            thread.Property(row => row.Owner).HasColumnName("owner");
            thread.Property(row => row.Epoch).HasColumnName("epoch");
            thread.Property(row => row.Head).HasColumnName("head");
            thread.Property(row => row.OpenFrom).HasColumnName("open_from");
            thread.Property(row => row.CreatedAt).HasColumnName("created_at");
            thread.Property(row => row.UpdatedAt).HasColumnName("updated_at");
            thread.Property(row => row.Title).HasColumnName("title");
            thread.Property(row => row.IsArchived).HasColumnName("archived");
            thread.Property(row => row.HistoryBegins).HasColumnName("history_begins");
            thread.Property(row => row.IsDeleted).HasColumnName("deleted");
            thread.HasIndex(row => row.Id, "ux_threads_id").IsUnique();
            // Holds only the few threads with open work, so a node that starts finds them without reading all.
            thread.HasIndex(row => row.OpenFrom, "ix_threads_open").HasFilter("open_from IS NOT NULL");
            // A page of a user's list is one range of it, read backwards: newest activity first.
            thread.HasIndex(row => new { row.Owner, row.IsArchived, row.UpdatedAt }, "ix_threads_owner");
            // What a process that died had still to erase.
            thread.HasIndex(row => row.IsDeleted, "ix_threads_deleted").HasFilter("deleted <> 0");
        });

        modelBuilder.Entity<EventRow>(@event =>
        {
            @event.ToTable("events").HasKey(row => new { row.ThreadKey, row.Seq });
            @event.Property(row => row.ThreadKey).HasColumnName("thread_key");
            @event.Property(row => row.Seq).HasColumnName("seq");
            @event.Property(row => row.Json).HasColumnName("json");
            @event.HasOne<ThreadRow>().WithMany().HasForeignKey(row => row.ThreadKey);
        });

        modelBuilder.Entity<EventIdRow>(id =>
        {
            id.ToTable("event_ids").HasKey(row => new { row.ThreadKey, row.Id });
            id.Property(row => row.ThreadKey).HasColumnName("thread_key");
            id.Property(row => row.Id).HasColumnName("id");
            id.Property(row => row.Seq).HasColumnName("seq");
            id.HasOne<ThreadRow>().WithMany().HasForeignKey(row => row.ThreadKey);
        });

        modelBuilder.Entity<CommandRow>(command =>
        {
            command.ToTable("commands").HasKey(row => new { row.User, row.Id });
            command.Property(row => row.User).HasColumnName("user_id");
            command.Property(row => row.Id).HasColumnName("id");
            command.Property(row => row.Digest).HasColumnName("digest");
            command.Property(row => row.Ack).HasColumnName("ack");
        });

        modelBuilder.Entity<CheckpointRow>(checkpoint =>
        {
            checkpoint.ToTable("part_checkpoints").HasKey(row => row.Key);
            checkpoint.Property(row => row.Key).HasColumnName("key");
            checkpoint.Property(row => row.ThreadKey).HasColumnName("thread_key");
            checkpoint.Property(row => row.Run).HasColumnName("run_id");
            checkpoint.Property(row => row.Part).HasColumnName("part_id");
            checkpoint.Property(row => row.Kind).HasColumnName("kind").HasConversion<string>();
            checkpoint.Property(row => row.Offset).HasColumnName("offset");
            checkpoint.Property(row => row.Text).HasColumnName("text");
            checkpoint.HasOne<ThreadRow>().WithMany().HasForeignKey(row => row.ThreadKey);
            checkpoint.HasIndex(row => row.ThreadKey, "ix_part_checkpoints_thread_key");
        });

        modelBuilder.Entity<TextRow>(text =>
        {
            text.ToTable("texts").HasKey(row => row.Key);
            text.Property(row => row.Key).HasColumnName("key");
            text.Property(row => row.ThreadKey).HasColumnName("thread_key");
            text.Property(row => row.Seq).HasColumnName("seq");
            text.Property(row => row.At).HasColumnName("at");
            text.Property(row => row.OwnerToken).HasColumnName("owner_token");
            text.Property(row => row.Text).HasColumnName("text");
            text.HasOne<ThreadRow>().WithMany().HasForeignKey(row => row.ThreadKey);
            text.HasIndex(row => new { row.ThreadKey, row.Seq }, "ix_texts_thread_seq");
        });
    }
}
