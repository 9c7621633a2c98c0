ALTER TABLE `device_codes` ADD `device_name` text;--> statement-breakpoint
CREATE INDEX `api_keys_expires` ON `api_keys` (`expires_at_ms`);