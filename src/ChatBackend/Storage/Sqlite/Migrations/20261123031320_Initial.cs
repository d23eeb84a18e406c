using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ChatBackend.Storage.Sqlite.Migrations
{
    /// <inheritdoc />
    internal sealed partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "commands",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    digest = table.Column<byte[]>(type: "BLOB", nullable: false),
                    ack = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_commands", x => new { x.user_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "threads",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    head = table.Column<long>(type: "INTEGER", nullable: false),
                    open_from = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_threads", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "events",
                columns: table => new
                {
                    thread_key = table.Column<long>(type: "INTEGER", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    json = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_events", x => new { x.thread_key, x.seq });
                    table.ForeignKey(
                        name: "FK_events_threads_thread_key",
                        column: x => x.thread_key,
                        principalTable: "threads",
                        principalColumn: "key",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "part_checkpoints",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    thread_key = table.Column<long>(type: "INTEGER", nullable: false),
                    run_id = table.Column<string>(type: "TEXT", nullable: false),
                    part_id = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    offset = table.Column<int>(type: "INTEGER", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_part_checkpoints", x => x.key);
                    table.ForeignKey(
                        name: "FK_part_checkpoints_threads_thread_key",
                        column: x => x.thread_key,
                        principalTable: "threads",
                        principalColumn: "key",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "texts",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    thread_key = table.Column<long>(type: "INTEGER", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    owner_token = table.Column<string>(type: "TEXT", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_texts", x => x.key);
                    table.ForeignKey(
                        name: "FK_texts_threads_thread_key",
                        column: x => x.thread_key,
                        principalTable: "threads",
                        principalColumn: "key",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_part_checkpoints_thread_key",
                table: "part_checkpoints",
                column: "thread_key");

            migrationBuilder.CreateIndex(
                name: "ix_texts_thread_key",
                table: "texts",
                column: "thread_key");

            migrationBuilder.CreateIndex(
                name: "ix_threads_open",
                table: "threads",
                column: "open_from",
                filter: "open_from IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_threads_id",
                table: "threads",
                column: "id",
                unique: true);

            migrationBuilder.Sql(SearchIndex);
            migrationBuilder.Sql(StoreIdentity);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TABLE store; DROP TABLE search;");
            migrationBuilder.DropTable(
                name: "commands");

            migrationBuilder.DropTable(
                name: "events");

            migrationBuilder.DropTable(
                name: "part_checkpoints");

            migrationBuilder.DropTable(
                name: "texts");

            migrationBuilder.DropTable(
                name: "threads");
        }
    }
}
