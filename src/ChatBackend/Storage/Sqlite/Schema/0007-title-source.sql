-- The seq of the message that the server made the title from, 0 once that was replaced. Titles that an earlier version made count as given by users.
ALTER TABLE "threads" ADD "title_from" INTEGER NULL;
